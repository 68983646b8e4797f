// nearness[u, t] = |x[t]|_1 - |x[t] - y[u, t]|_1: how much nearer writer u's output brings the sum x that it is part of;
// negative where it leads away. Not cut off at 0 here: max(0, NaN) may be 0 on a device, which would hide broken weights.
//
// One workgroup per writer and token; the norms' difference is added up column by column, |x| - |x - y|, which keeps what a
// difference of two long sums would lose, in a tree of a fixed shape. Padding columns are 0 in both.
// Shapes: x [T, width4], y [W, T, width4], of which the first `writers`; nearness [writers, T] (f32).
// Grid: writers * T workgroups in x and y.
// Source: information flow routes, Ferrando and Voita 2024 (arXiv:2403.00824). Checked by test/gpu/kernels.test.ts (proximity).
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
