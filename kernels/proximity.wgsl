// nearness[u, t] = |x[t]|_1 - |x[t] - y[u, t]|_1
//
// How much nearer writer u's output y brings the sum x; negative where it leads away. Negative values are not cut off
// here: max(0, NaN) may be 0 on a device, which would hide broken weights.
// One workgroup per writer and token. It adds up |x| - |x - y| column by column, which keeps what a difference of two
// long sums would lose. Sums are those of shared/reduce_sum.wgsl. Padding columns are 0 in both.
// Shapes: x [T, width4], y [W, T, width4] (the first `writers` are read), nearness [writers, T] (f32).
// Grid: writers * T workgroups in x and y.
// Source: information flow routes, Ferrando and Voita 2024 (arXiv:2403.00824).
// Checked by test/gpu/kernels.test.ts (proximity).
struct Params {
  tokens: u32,
  writers: u32,
  width4: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> nearness: array<f32>;
//#include reduce_sum
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn proximity(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.writers * params.tokens) { return; }
  let x_at = (row % params.tokens) * params.width4;
  let y_at = row * params.width4;
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var total = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) { total += abs(x[x_at + c]) - abs(x[x_at + c] - y[y_at + c]); }
    leaves[leaf] = dot(total, vec4f(1.0));
  }
  let nearer = sum_of_leaves(lane);
  if (lane == 0u) { nearness[row] = nearer; }
}
