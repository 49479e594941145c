/**
 * What the codes in the answers of an HTTP event collector ask for (Splunk: "Troubleshoot HTTP Event Collector").
 *
 * - `again`: a passing state of the collector
 * - `hold`: nothing is taken until somebody acts
 * - `refused`: at least one event of the request is at fault
 */
export type HecCodeMeaning =
  | { readonly action: 'again' }
  | { readonly action: 'hold'; readonly remedy: string }
  | { readonly action: 'refused' };

const again: HecCodeMeaning = { action: 'again' };
const refused: HecCodeMeaning = { action: 'refused' };
const checkToken = hold('Check SIEM_TOKEN, and that the token is enabled in the collector.');
const checkChannel = hold('Check the channel and acknowledgement settings of the token in the collector.');

/** Every code but 0. A code that is not listed is judged by its HTTP status. */
export const HEC_CODES: ReadonlyMap<number, HecCodeMeaning> = new Map([
  [1, hold('Enable the token in the collector.')],
  [2, checkToken],
  [3, checkToken],
  [4, checkToken],
  [5, refused],
  [6, refused],
  [7, hold("Create the index in the collector, allow it for the token, or mend the sink's `index`.")],
  [8, again],
  [9, again],
  [10, checkChannel],
  [11, checkChannel],
  [12, refused],
  [13, refused],
  [14, hold('Enable indexer acknowledgement for the token, or unset SIEM_ACK.')],
  [15, refused],
  [16, checkToken],
  [18, again],
  [19, again],
  [20, again],
  [21, checkToken],
  [22, checkToken],
]);

function hold(remedy: string): HecCodeMeaning {
  return { action: 'hold', remedy };
}
