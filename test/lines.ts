/** Firewall lines that differ from each other; `poison` and the like in `mark` make them recognisable to a fault. */
export function firewallLines(count: number, mark = 'usual'): string[] {
  return Array.from({ length: count }, (_, i) => {
    const source = `outside:203.0.113.${i % 250}/${1_024 + (i % 60_000)}`;
    return `<164>Nov 23 20:01:02 fw-edge-1 %ASA-4-106023: Deny tcp src ${source} dst inside:10.1.2.3/443 by access-group "${mark}-${i}" [0x1a2b3c4d, 0x0]`;
  });
}
