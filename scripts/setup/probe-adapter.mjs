// Run as a child process: prints the name of the WebGPU adapter as JSON, or null. A child, because a driver that
// crashes must not take set-up with it, and because a driver installed later is only seen by a new process.
import { create } from 'webgpu';

const gpu = create([]);
const adapter = await gpu.requestAdapter();
const info = adapter?.info;
const name = info && [info.vendor, info.architecture, info.description].filter(Boolean).join(' ');
process.stdout.write(JSON.stringify(name ?? null));
process.exit(0);
