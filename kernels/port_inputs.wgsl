// x[j, r] = start_j + sum over cut writers u of ablated[u, t] + sum over kept writers u of outputs[c_j, u, t], t =
// rows_j[r]
//
// A direct sum: cut writers first, then the kept ones, each from the last writer to the first. A port whose every edge
// is cut is then exactly its constant plus the ablated values. A form by differences would miss that by rounding, which
// norms then amplify.
// The sum over the first cut writers does not change while they stay cut. A job may start from where that sum is kept
// (kernels/cut_sums.wgsl): the same additions in the same order, most of them made once.
// One invocation per four columns of one row.
// Shapes: outputs [C, W, T, width4], ablated [W, T, width4], bias [width4] (sum of the attention output biases before
// the port), positions [S, width4], sums [slots, T, width4], x [rows of all jobs, width4].
// Grid: x covers the most rows of a job * width4, y = jobs.
// Checked by test/gpu/kernels.test.ts (port_inputs).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  writer_total: u32,
  jobs_at: u32,
  add_positions: u32,
}
// The input of one port of one circuit, or of several ports with equal masks.
struct Job {
  circuit: u32,
  rows_at: u32, // where control lists the token rows
  rows: u32, // their number
  first_row: u32, // row of x that the first of them goes to
  slot: u32, // of sums, or CONSTANT: start from bias and positions
  cut_at: u32, // where control lists the cut writers that the slot does not hold
  cut: u32, // their number
  kept_at: u32, // where control lists the kept writers
  kept: u32, // their number
}
const CONSTANT = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> outputs: array<vec4f>;
@group(0) @binding(3) var<storage, read> ablated: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> positions: array<vec4f>;
@group(0) @binding(6) var<storage, read> sums: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn port_inputs(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = job_at(wid.y);
  if (gid.x >= job.rows * params.width4) { return; }
  let column = gid.x % params.width4;
  let token = control[job.rows_at + gid.x / params.width4];
  let writer_stride = params.tokens * params.width4;
  let here = token * params.width4 + column;

  var sum: vec4f;
  if (job.slot == CONSTANT) {
    sum = bias[column];
    if (params.add_positions != 0u) { sum += positions[(token % params.sequence) * params.width4 + column]; }
  } else {
    sum = sums[job.slot * writer_stride + here];
  }
  let cut_end = job.cut_at + job.cut;
  for (var i = job.cut_at; i < cut_end; i++) { sum += ablated[control[i] * writer_stride + here]; }
  let outputs_at = job.circuit * params.writer_total * writer_stride + here;
  let kept_end = job.kept_at + job.kept;
  for (var i = job.kept_at; i < kept_end; i++) { sum += outputs[outputs_at + control[i] * writer_stride]; }
  x[job.first_row * params.width4 + gid.x] = sum;
}
