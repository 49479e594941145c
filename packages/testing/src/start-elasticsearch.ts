import type { StoredDocument } from './document-store.ts';
import { type ElasticsearchAuth, readAllDocuments } from './elasticsearch-documents.ts';
import type { ElasticsearchStandInOptions } from './elasticsearch-stand-in.ts';
import { ambientEnvironment } from './environment.ts';
import type { Faults } from './faults.ts';
import { coversIndex } from './index-pattern.ts';
import { listen } from './stand-in.ts';
import { forkStandIn } from './stand-in-process.ts';
import type { StandInCounts } from './stand-in-server.ts';

/** An Elasticsearch to test against; disposing of it ends what was started for it. */
export interface ElasticsearchFixture extends AsyncDisposable {
  readonly url: string;
  readonly kind: 'given' | 'container' | 'stand-in';
  /** Which Elasticsearch it is and why, for people. */
  readonly describe: string;
  readonly auth: ElasticsearchAuth;
  /** Every document of the indices that a pattern such as `syslog-*` covers. Default `*`. */
  stored(indices?: string): Promise<readonly StoredDocument[]>;
  /** Only of a stand-in. */
  readonly faults: Faults | undefined;
  /** Only of a stand-in. */
  counts(): Promise<StandInCounts | undefined>;
}

export interface StartElasticsearchOptions extends ElasticsearchStandInOptions {
  /** Takes the stand-in whatever the environment says: for tests that set faults. Default false. */
  readonly standIn?: boolean;
  /** Starts a container, by Docker, where no server is given. Default false. */
  readonly preferContainer?: boolean;
  /** Runs the stand-in in a process of its own, which ends with this one. Default false. */
  readonly process?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

const IMAGE = 'docker.elastic.co/elasticsearch/elasticsearch:9.2.1';

/**
 * The server that `ELASTICSEARCH_URL` names (with `ELASTICSEARCH_API_KEY`, or `ELASTICSEARCH_USERNAME` and
 * `ELASTICSEARCH_PASSWORD`), a container on request, or else the stand-in.
 */
export async function startElasticsearch(options: StartElasticsearchOptions = {}): Promise<ElasticsearchFixture> {
  const { standIn = false, preferContainer = false, environment = ambientEnvironment } = options;
  const url = environment['ELASTICSEARCH_URL'];
  if (url && !standIn) return given(url.replace(/\/$/, ''), environment);
  return preferContainer && !standIn ? startContainer() : startStandIn(options);
}

function given(url: string, environment: NodeJS.ProcessEnv): ElasticsearchFixture {
  const apiKey = environment['ELASTICSEARCH_API_KEY'];
  const username = environment['ELASTICSEARCH_USERNAME'];
  const password = environment['ELASTICSEARCH_PASSWORD'];
  const auth = apiKey ? { apiKey } : username && password ? { username, password } : {};
  return {
    ...real(url, auth),
    kind: 'given',
    describe: 'the server that ELASTICSEARCH_URL names',
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function startContainer(): Promise<ElasticsearchFixture> {
  const { ElasticsearchContainer } = await import('@testcontainers/elasticsearch');
  const container = await new ElasticsearchContainer(IMAGE).start();
  const auth = { username: container.getUsername(), password: container.getPassword() };
  return {
    ...real(container.getHttpUrl(), auth),
    kind: 'container',
    describe: `a container of ${IMAGE}`,
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}

function real(url: string, auth: ElasticsearchAuth) {
  return {
    url,
    auth,
    faults: undefined,
    counts: async () => undefined,
    stored: (indices = '*') => readAllDocuments(url, indices, auth),
  };
}

async function startStandIn(options: StartElasticsearchOptions): Promise<ElasticsearchFixture> {
  const { standIn, preferContainer, process, environment, ...standInOptions } = options;
  const request = { speaks: 'elasticsearch', options: standInOptions } as const;
  const server = process ? await forkStandIn(request) : await listen(request);
  return {
    url: server.url,
    kind: 'stand-in',
    describe: 'the stand-in: ELASTICSEARCH_URL names no server',
    auth: {},
    faults: server.faults,
    counts: () => server.counts(),
    stored: async (indices = '*') => (await server.stored()).filter(({ index }) => coversIndex(indices, index)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
