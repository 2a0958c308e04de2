/**
 * # cluster/unowned: nodes that no supervisor of ours owns
 *
 *     const control = await UnownedControl.connect({ endpoints, transport, clock, scheduler, timeoutMs: 5_000 });
 *     control.live().leader;             // as the nodes themselves say, each second and when one of them has news
 *     control.close();
 *
 * `UnownedControl` is a `ClusterControl` as far as a client of the protocol may look; what only an owner can do rejects.
 * A `NodeContact` is the connection to one node. Who does not answer is `unreachable`: nobody here knows why.
 */
export { UnownedControl } from './unowned-control.js';
