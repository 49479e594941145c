import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { TcpProxy, until } from '@distributary/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';

let echo: Server;
let proxy: TcpProxy;
let client: Socket;
let heard: string;
let served: Socket[];

beforeEach(async () => {
  served = [];
  echo = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  proxy = await TcpProxy.to((echo.address() as AddressInfo).port);
  client = createConnection({ host: '127.0.0.1', port: proxy.port }).on('error', () => undefined);
  heard = '';
  client.on('data', (bytes) => {
    heard += bytes;
  });
  await once(client, 'connect');
  client.write('hello ');
  await until(() => heard === 'hello ');
});

afterEach(async () => {
  client.destroy();
  for (const socket of served) socket.destroy();
  await proxy[Symbol.asyncDispose]();
  echo.close();
});

it('keeps the order of bytes on a slow line that gets fast again', async () => {
  proxy.latencyMs = 50;
  proxy.bytesPerSecond = 10_000;
  const startedAt = performance.now();
  client.write('a'.repeat(1_000));
  await until(() => served.length === 1 && heard.length > 6);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(190);
  client.write('b');
  proxy.latencyMs = 0;
  proxy.bytesPerSecond = Infinity;
  client.write('c');
  await until(() => heard.endsWith('c'));
  expect(heard).toBe(`hello ${'a'.repeat(1_000)}bc`);
});

it('leaves a client with a connection that is open and silent', async () => {
  proxy.halfOpen();
  await until(() => served[0]?.destroyed);
  client.write('anybody there?');
  const second = createConnection({ host: '127.0.0.1', port: proxy.port });
  second.write('echo');
  await once(second, 'data');
  second.destroy();
  expect(heard).toBe('hello ');
  expect(client.destroyed).toBe(false);
});

it('carries nothing more on a connection that lost bytes', async () => {
  proxy.mode = 'blackhole';
  client.write('lost');
  const other = createConnection({ host: '127.0.0.1', port: proxy.port });
  await once(other, 'connect');
  proxy.mode = 'pass';
  client.write('more');
  other.write('echo');
  await once(other, 'data');
  other.destroy();
  expect(heard).toBe('hello ');
});
