// An application under test: it hands out numbered tickets, one after the other, until the key `closing-time` exists.
// The number is in the store, so that no ticket is given twice, whatever happens to the nodes.
import { connect } from 'raftctl';

const client = await connect(process.env.RAFTCTL_ENDPOINTS ?? '127.0.0.1:3331');
const given = [];
let surprises = 0;

while ((await patiently(() => client.get('closing-time'))) === null) given.push(await nextTicket());

const stored = Number((await client.get('tickets')).value);
const twice = given.length !== new Set(given).size;
const lost = stored !== given.length;
console.log(
  `${given.length} tickets, ${surprises} surprises: ${twice ? 'some' : 'none'} twice, ${lost ? 'some' : 'none'} lost`,
);
await client.close();
process.exitCode = twice || lost ? 1 : 0;

/** Takes the next number. A try whose outcome is unknown is looked at before it is made again. */
async function nextTicket() {
  const next = given.length + 1;
  const before = next === 1 ? null : String(next - 1);
  for (;;) {
    const { succeeded } = await patiently(() => client.compareAndSet('tickets', before, String(next)));
    if (succeeded) return next;
    // Nobody else hands out tickets: the number is taken because an earlier try of ours did happen.
    const entry = await patiently(() => client.get('tickets'));
    if (entry !== null && Number(entry.value) === next) return next;
  }
}

/** Again and again, until somebody answers: a leader that died is replaced in a moment. */
async function patiently(attempt) {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      surprises += 1;
      if (surprises > 100) throw error;
    }
  }
}
