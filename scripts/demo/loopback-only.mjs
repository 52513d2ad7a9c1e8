/**
 * Preloaded into the demo's MCP servers, which by themselves would listen on every address of the machine: whatever
 * they ask for, they listen on 127.0.0.1. A demo must not open unauthenticated servers to the network.
 */
import { Server } from 'node:net';

const { listen } = Server.prototype;

Server.prototype.listen = function listenOnLoopback(first, ...rest) {
  const callback = rest.find((argument) => typeof argument === 'function');
  const port = typeof first === 'object' && first !== null ? first.port : first;
  const options = { port: Number(port), host: '127.0.0.1' };
  return callback === undefined ? listen.call(this, options) : listen.call(this, options, callback);
};
