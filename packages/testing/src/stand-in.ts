import { CollectorStandIn, type CollectorStandInOptions } from './collector-stand-in.ts';
import { ElasticsearchStandIn, type ElasticsearchStandInOptions } from './elasticsearch-stand-in.ts';
import { StandInServer } from './stand-in-server.ts';

/** Which stand-in to start, and how: what a process of its own is told. */
export type StandInRequest =
  | { readonly speaks: 'elasticsearch'; readonly options: ElasticsearchStandInOptions }
  | { readonly speaks: 'collector'; readonly options: CollectorStandInOptions };

/** What can be asked of a stand-in, in this process or another. */
export type StandIn = Pick<StandInServer, 'url' | 'faults' | 'stored' | 'counts'> & AsyncDisposable;

export function listen({ speaks, options }: StandInRequest): Promise<StandInServer> {
  const dialect = speaks === 'elasticsearch' ? new ElasticsearchStandIn(options) : new CollectorStandIn(options);
  return StandInServer.listen(dialect, options.port);
}
