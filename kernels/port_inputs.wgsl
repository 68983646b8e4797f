// x[j, r] = constant + sum over writers u < n of (kept u ? live[c_j, u] : ablated[u])  at token rows[r]
//
// The direct sum, in writer order: a port whose every edge is cut is exactly its constant plus the ablated values, which a
// form by differences would miss by rounding, which norms then amplify. Ports of one circuit with equal masks share one job.
// One invocation per four columns of one output row; the order of the sum depends on nothing but the writer order.
// Shapes: live [C, W, T, width4], ablated [W, T, width4], bias [width4] (sum of the attention output biases before the
// port), positions [S, width4], rows [R] (token of every output row), x [J, R, width4]. control holds, at jobs_at, pairs of
// (circuit, offset of the mask); bit u of a mask = the edge from writer u is kept.
// Grid: x covers R * width4, y = J.
// Checked by test/gpu/kernels.test.ts (port_inputs).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  out_rows: u32,
  writers: u32,
  writer_total: u32,
  jobs_at: u32,
  add_positions: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read> live: array<vec4f>;
@group(0) @binding(4) var<storage, read> ablated: array<vec4f>;
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;
@group(0) @binding(6) var<storage, read> positions: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn port_inputs(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  if (gid.x >= params.out_rows * params.width4) { return; }
  let column = gid.x % params.width4;
  let token = rows[gid.x / params.width4];
  let circuit = control[params.jobs_at + 2u * wid.y];
  let mask_at = control[params.jobs_at + 2u * wid.y + 1u];

  var sum = bias[column];
  if (params.add_positions != 0u) { sum += positions[(token % params.sequence) * params.width4 + column]; }
  let writer_stride = params.tokens * params.width4;
  let here = token * params.width4 + column;
  let live_base = circuit * params.writer_total * writer_stride + here;
  for (var first = 0u; first < params.writers; first += 32u) {
    let mask = control[mask_at + first / 32u];
    for (var u = first; u < min(first + 32u, params.writers); u++) {
      if (((mask >> (u - first)) & 1u) == 1u) {
        sum += live[live_base + u * writer_stride];
      } else {
        sum += ablated[u * writer_stride + here];
      }
    }
  }
  x[wid.y * params.out_rows * params.width4 + gid.x] = sum;
}
