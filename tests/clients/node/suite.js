// The suite, started for a story, and its rpcs.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const PATIENCE_MS = 20_000;

/** Starts `binary` with the province's own data, one officer at one unit, and these OpenID providers. */
export async function startSuite({ binary, root, officer, providers }) {
  const folder = mkdtempSync(join(tmpdir(), "motcua-node-"));
  const [staff, data, file] = ["staff", "data", "providers.json"].map((name) => join(folder, name));
  mkdirSync(staff);
  writeFileSync(join(staff, "officers.csv"), `subject,name\n${officer.subject},${officer.name}\n`);
  const columns = "subject,role,unit,first_day,last_day,acting_for";
  const position = `${officer.subject},${officer.role},${officer.unit},2017-01-01,,`;
  writeFileSync(join(staff, "positions.csv"), `${columns}\n${position}\n`);
  writeFileSync(file, JSON.stringify(providers));
  execFileSync(binary, ["import", "--data-dir", data, join(root, "deploy/daklak"), staff], { stdio: "inherit" });
  const address = `127.0.0.1:${await freePort()}`;
  const issuer = `http://${address}`;
  const serve = ["serve", "all", "--data-dir", data, "--listen", address, "--issuer", issuer, "--providers", file];
  serve.push("--simulated-clock", "2017-08-28T08:00:00+07:00");
  const env = { ...process.env, RUST_LOG: "warn" };
  const child = spawn(binary, serve, { stdio: ["ignore", "pipe", "inherit"], env });
  const exit = once(child, "exit");
  const [said] = await Promise.race([once(createInterface(child.stdout), "line"), exit]);
  if (said !== `listening on ${address}`) throw new Error(`the suite does not start: ${said}`);
  const stop = async () => {
    child.kill();
    const [code] = await exit;
    rmSync(folder, { recursive: true });
    if (code !== 0) throw new Error(`the suite ended with ${code}`);
  };
  return { issuer, address, stop };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** `call("intake.v1.DossierService", "GetDossier", request, token)`, repeated while the suite asks for patience. */
export function caller({ root, address }) {
  const proto = join(root, "proto");
  const files = readdirSync(proto, { recursive: true }).filter((name) => name.endsWith("_service.proto"));
  const options = { includeDirs: [proto], keepCase: true, enums: String, longs: Number, defaults: true };
  const contract = loadSync(files, options);
  let position;
  return async function call(service, rpc, request, token) {
    const Client = grpc.makeGenericClientConstructor(contract[`motcua.${service}`], service);
    const client = new Client(address, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    if (token) metadata.set("authorization", `Bearer ${token}`);
    // Read your writes: the suite answers when it has taken in what was changed before.
    if (position) metadata.set("motcua-after", position);
    const once = () =>
      new Promise((answered, refused) => {
        const deadline = Date.now() + PATIENCE_MS;
        const answer = (error, reply) => (error ? refused(error) : answered(reply));
        const running = client[rpc](request, metadata, { deadline }, answer);
        running.on("metadata", (told) => (position = told.get("motcua-position")[0] ?? position));
      });
    const patient = (error) => error.code === grpc.status.UNAVAILABLE;
    try {
      return await eventually(once, patient);
    } finally {
      client.close();
    }
  };
}

/** Repeats what fails in a way that passes. */
export async function eventually(attempt, passes) {
  const patience = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!passes(error) || Date.now() > patience) throw error;
    }
    await promisify(setTimeout)(100);
  }
}
