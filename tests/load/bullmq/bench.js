// The yardstick of queues: BullMQ, jobs of so many bytes, so many in flight. Prints how many were handed in, taken and settled in a
// second.
//
//   node bench.js REDIS_URL BYTES IN_FLIGHT SECONDS
import { randomBytes } from 'node:crypto';
import { Queue, Worker } from 'bullmq';

const [url, bytes, inFlight, seconds] = process.argv.slice(2);
const WARM_UP = 2;

const connection = { url, maxRetriesPerRequest: null };
const queue = new Queue('yardstick', { connection });
const payload = { text: randomBytes(Number(bytes) / 2).toString('hex') };
const waiting = new Map();
const worker = new Worker('yardstick', async () => {}, { connection, concurrency: Number(inFlight) });
worker.on('completed', (job) => {
  waiting.get(job.id)?.();
  waiting.delete(job.id);
});
await worker.waitUntilReady();

const began = performance.now() + WARM_UP * 1000;
const ends = began + Number(seconds) * 1000;
let settled = 0;
let turn = 0;

async function caller() {
  while (performance.now() < ends) {
    const jobId = `job-${turn++}`;
    const done = new Promise((resolve) => waiting.set(jobId, resolve));
    await queue.add('offer', payload, { jobId, removeOnComplete: true });
    await done;
    const now = performance.now();
    if (now >= began && now < ends) settled += 1;
  }
}

await Promise.all(Array.from({ length: Number(inFlight) }, caller));
console.log(JSON.stringify({ per_second: settled / Number(seconds) }));
await worker.close();
await queue.close();
process.exit(0);
