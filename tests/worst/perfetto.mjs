// SPDX-License-Identifier: GPL-2.0-or-later
// Opens exported files with Perfetto's own trace processor, whose build for
// browsers the folder of the first argument holds, and compares what it has with
// what the file says. By hand, through tests/worst/perfetto.
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { pathToFileURL } from 'node:url';

const [folder, ...files] = process.argv.slice(2);
const CHUNK = 32 << 20; // one message to it has at most 64 MiB
const warn = console.warn;

// Its answers have a field more than the reader of the package knows.
console.warn = (text) => String(text).includes('Unexpected QueryResult field') || warn(text);

// What the build expects of a browser's worker.
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = function () {};
globalThis.location = { href: pathToFileURL(folder).href + '/' };
globalThis.XMLHttpRequest = class {
	open(method, url) {
		this.file = path.join(folder, path.basename(url));
	}
	send() {
		this.response = fs.readFileSync(this.file);
	}
};

const { EngineBase } = await import(pathToFileURL(path.join(folder, 'engine.mjs')).href);

class Engine extends EngineBase {
	mode = 'WASM';
	id = 'trace processor';
	constructor(port) {
		super();
		this.port = port;
		port.onmessage = (message) => this.onRpcResponseBytes(message.data);
	}
	rpcSendRequestBytes(bytes) {
		this.port.postMessage(bytes);
	}
}

async function open(file) {
	const { port1, port2 } = new MessageChannel();
	const bytes = new Uint8Array(fs.readFileSync(file));
	const engine = new Engine(port2);

	vm.runInThisContext(fs.readFileSync(path.join(folder, 'engine_bundle.node.js'), 'utf8'));
	await new Promise((done) => setTimeout(done, 2000)); // it does not say when it is ready
	self.onmessage({ data: port1 });
	for (let at = 0; at < bytes.length; at += CHUNK)
		await engine.parse(bytes.subarray(at, at + CHUNK));
	await engine.notifyEof();
	return engine;
}

async function rows(engine, sql) {
	const result = await engine.query(sql), columns = result.columns(), all = [];

	for (const it = result.iter({}); it.valid(); it.next())
		all.push(Object.fromEntries(columns.map((name) => [name, it.get(name)])));
	return all;
}

async function value(engine, sql) {
	return Number(Object.values((await rows(engine, sql))[0])[0]);
}

let failed = 0;

function want(what, is, wanted) {
	const right = is === wanted;

	console.log(`${right ? 'ok' : 'NOT OK'}: ${what}: ${is}${right ? '' : `, not ${wanted}`}`);
	failed += !right;
}

// What the trace processor has of a file, by the numbers of events in it.
const COUNTS = [
	['slices', 'select count(*) from slice', (n) => n.X + n.i + n.b],
	['of these marks', 'select count(*) from slice where dur = 0', (n) => n.i],
	['slices without an end', 'select count(*) from slice where dur < 0', () => 0],
	[
		'slices within another',
		`select count(*) from slice join thread_track t on track_id = t.id
		 where depth > 0 and dur > 0`,
		() => 0,
	],
	['values of counters', 'select count(*) from counter', (n) => n.C],
	[
		'groups without a name',
		`select count(distinct upid) from thread join thread_track using (utid)
		 join process using (upid) where ifnull(process.name, '') = ''`,
		() => 0,
	],
	[
		'tracks without a name',
		`select count(*) from thread join thread_track using (utid)
		 where ifnull(thread.name, '') = ''`,
		() => 0,
	],
];

const TRACKS = [
	`select process.name || ' / ' || thread.name || ': ' || count(*) as line
	 from slice join thread_track t on track_id = t.id join thread using (utid)
	 join process using (upid) group by utid order by pid, tid`,
	`select process.name || ' / messages: ' || count(*) || ' on ' ||
	 count(distinct track_id) || ' tracks' as line
	 from slice join process_track t on track_id = t.id join process using (upid)
	 group by upid order by pid`,
	`select process.name || ' / ' || t.name || ': ' || count(*) || ', ' || min(value) ||
	 ' to ' || max(value) as line
	 from counter join process_counter_track t on track_id = t.id
	 join process using (upid) group by t.id order by pid`,
];

async function look(file) {
	const events = JSON.parse(fs.readFileSync(file, 'utf8')).traceEvents;
	const n = { X: 0, i: 0, b: 0, C: 0 };
	const engine = await open(file);

	for (const e of events)
		n[e.ph] = (n[e.ph] ?? 0) + 1;
	console.log(`${file}: ${events.length} events`);
	for (const row of await rows(
		engine,
		"select name, severity, value from stats where value != 0 and severity != 'info'",
	))
		want(`${row.severity} ${row.name}`, Number(row.value), 0);
	for (const [what, sql, of] of COUNTS)
		want(what, await value(engine, sql), of(n));
	for (const sql of TRACKS)
		for (const row of await rows(engine, sql))
			console.log(`    ${row.line}`);
}

for (const file of files)
	await look(file);
process.exit(failed ? 1 : 0);
