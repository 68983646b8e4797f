// x[j, r] = base_j + sum over cut writers u of ablated[u] + sum over kept writers u of outputs[c_j, u], at token rows_j[r]
//
// A direct sum, cut writers first, then the kept ones, each from the last writer to the first: a port whose every edge is cut is
// exactly its constant plus the ablated values, which a form by differences would miss by rounding, which norms then amplify.
// The sum so far after some of the cut writers does not change while they stay cut, so a job may start from where it is kept
// (kernels/port_bases.wgsl): the same additions in the same order, most of them made once. Ports of one circuit with equal
// masks share one job. One invocation per four columns of one row.
// Shapes: outputs [C, W, T, width4], ablated [W, T, width4], bias [width4] (sum of the attention output biases before the
// port), positions [S, width4], bases [slabs, T, width4], x [rows of all jobs, width4].
// control holds, at jobs_at, nine words per job: circuit; where its token rows are listed, how many there are, and its first row
// of x; slab of its base (CONSTANT: none, start from bias and positions); where the cut writers beyond the base are listed, and
// how many; where the kept writers are listed, and how many.
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
const CONSTANT = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> outputs: array<vec4f>;
@group(0) @binding(3) var<storage, read> ablated: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> positions: array<vec4f>;
@group(0) @binding(6) var<storage, read> bases: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn port_inputs(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = params.jobs_at + 9u * wid.y;
  if (gid.x >= control[job + 2u] * params.width4) { return; }
  let column = gid.x % params.width4;
  let token = control[control[job + 1u] + gid.x / params.width4];
  let writer_stride = params.tokens * params.width4;
  let here = token * params.width4 + column;

  var sum: vec4f;
  let slab = control[job + 4u];
  if (slab == CONSTANT) {
    sum = bias[column];
    if (params.add_positions != 0u) { sum += positions[(token % params.sequence) * params.width4 + column]; }
  } else {
    sum = bases[slab * writer_stride + here];
  }
  let cut_end = control[job + 5u] + control[job + 6u];
  for (var i = control[job + 5u]; i < cut_end; i++) { sum += ablated[control[i] * writer_stride + here]; }
  let outputs_at = control[job] * params.writer_total * writer_stride + here;
  let kept_end = control[job + 7u] + control[job + 8u];
  for (var i = control[job + 7u]; i < kept_end; i++) { sum += outputs[outputs_at + control[i] * writer_stride]; }
  x[control[job + 3u] * params.width4 + gid.x] = sum;
}
