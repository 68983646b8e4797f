// Embeds kernels/*.wgsl into src/gpu/kernels.gen.ts. The file holds, for each kernel, its source and the names of its
// bindings, uniform fields, overrides and job fields as literal types. A wrong name is then a TypeScript error, and
// nothing is read from disk at run time.
//
// A kernel that takes a list of jobs describes one in a `struct Job` of u32 fields. `job_at(index)`, which reads that
// job from the words of `control`, is written here from the struct: field after field, job after job, from word
// `params.jobs_at` on.
// A kernel that says `//#include weight` reads weights through load_weight. That function is in weight_f32.wgsl,
// weight_f16.wgsl and weight_bf16.wgsl of kernels/shared, one for each storage of weights. The generated file holds
// these texts once. Which of them completes the kernel's source is chosen when it is bound, by its binding `stored`.
//   node scripts/embed-kernels.mjs           writes the file
//   node scripts/embed-kernels.mjs --check   fails where the committed file is out of date
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../kernels/', import.meta.url));
const target = fileURLToPath(new URL('../src/gpu/kernels.gen.ts', import.meta.url));

const STORAGES = ['f32', 'f16', 'bf16'];
const weightSources = Object.fromEntries(
  STORAGES.map((storage) => [storage, readFileSync(`${folder}shared/weight_${storage}.wgsl`, 'utf8')]),
);

/**
 * `//#include name` lines: the named files of kernels/shared, appended once each at the end (line numbers stay right).
 */
function withIncludes(source, seen = new Set()) {
  let appended = '';
  for (const [, name] of source.matchAll(/^\/\/#include (\w+)$/gm)) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (name === 'weight') continue;
    appended += '\n' + withIncludes(readFileSync(`${folder}shared/${name}.wgsl`, 'utf8'), seen);
  }
  return source + appended;
}

/** The fields `name: type` of a struct, in order. */
function fieldsOf(source, struct) {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(source)?.[1];
  return body && [...body.matchAll(/^\s*(\w+): (\w+),/gm)].map(([, field, type]) => ({ name: field, type }));
}

/** WGSL that reads one job from the words of `control`. */
function jobReader(fields) {
  const words = fields.map((_, i) => `control[at + ${i}u]`);
  return `
// One job, from the words of control.
fn job_at(index: u32) -> Job {
  let at = params.jobs_at + ${fields.length}u * index;
  return Job(${words.join(', ')});
}
`;
}

/** The bindings that a source declares. */
function bindingsOf(source) {
  return [...source.matchAll(/@group\(0\) @binding\((\d+)\) var<(\w+)(?:, (\w+))?> (\w+)/g)].map(
    ([, binding, space, access, variable]) => ({
      name: variable,
      binding: Number(binding),
      type: space === 'uniform' ? 'uniform' : access === 'read_write' ? 'storage' : 'read-only-storage',
    }),
  );
}

/** The one binding of weights, which is the same in every storage. */
function weightBinding() {
  const [first, ...others] = STORAGES.map((storage) => JSON.stringify(bindingsOf(weightSources[storage])));
  if (others.some((other) => other !== first)) throw new Error('kernels/shared/weight_*.wgsl: bindings differ');
  return JSON.parse(first).map((binding) => ({ ...binding, stored: true }));
}

function describe(name) {
  const included = new Set();
  let source = withIncludes(readFileSync(`${folder}${name}.wgsl`, 'utf8'), included);
  const fail = (what) => {
    throw new Error(`kernels/${name}.wgsl: ${what}`);
  };
  const entries = [...source.matchAll(/@compute[^{]*?fn (\w+)\(/g)].map((m) => m[1]);
  if (entries.length !== 1 || entries[0] !== name)
    fail(`expected one entry point named ${name}, got [${entries.join()}]`);
  const bindings = [...bindingsOf(source), ...(included.has('weight') ? weightBinding() : [])].sort(
    (a, b) => a.binding - b.binding,
  );
  bindings.forEach(
    (b, i) => b.binding === i || fail(`binding numbers must run from 0 without a gap, got ${b.binding}`),
  );
  if (bindings[0]?.name !== 'params' || bindings[0].type !== 'uniform') fail('binding 0 must be the uniform `params`');
  const params = fieldsOf(source, 'Params') ?? fail('no struct Params');
  for (const { name: field, type } of params) {
    if (!['u32', 'i32', 'f32'].includes(type)) fail(`field ${field}: expected u32, i32 or f32, got ${type}`);
  }
  const job = fieldsOf(source, 'Job') ?? [];
  if (job.length > 0) {
    for (const { name: field, type } of job) if (type !== 'u32') fail(`job field ${field}: expected u32, got ${type}`);
    if (!params.some((field) => field.name === 'jobs_at')) fail('a kernel with a struct Job needs params.jobs_at');
    if (!bindings.some((b) => b.name === 'control')) fail('a kernel with a struct Job needs a binding `control`');
    source += jobReader(job);
  }
  const overrides = [...source.matchAll(/^override (\w+): (\w+)/gm)].map(([, override]) => override);
  return { name, bindings, params, job: job.map((field) => field.name), overrides, source };
}

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => file.slice(0, -5))
  .sort();
let text = '// Written by scripts/embed-kernels.mjs from kernels/*.wgsl. Do not edit.\n\n';
text +=
  '/** What completes the source of a kernel that reads weights, by their storage. */\nexport const weightSources = {\n';
for (const [storage, source] of Object.entries(weightSources)) text += `  ${storage}: ${JSON.stringify(source)},\n`;
text += '} as const;\n\nexport const kernels = {\n';
for (const kernel of names.map(describe)) {
  text += `  ${kernel.name}: {\n`;
  for (const [key, value] of Object.entries(kernel)) text += `    ${key}: ${JSON.stringify(value)},\n`;
  text += '  },\n';
}
text += '} as const;\n';

if (process.argv.includes('--check')) {
  let committed = '';
  try {
    committed = readFileSync(target, 'utf8');
  } catch {
    // reported below as out of date
  }
  if (committed !== text) {
    console.error('error: src/gpu/kernels.gen.ts is out of date: run npm run embed-kernels');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
  console.log(`embedded ${names.length} kernels`);
}
