// values[r, v] <- values[r, v] - log sum_v exp(values[r, v]), in place, over the first `vocab` columns
//
// One workgroup per row. The maximum is subtracted first. Sums are those of shared/reduce_sum.wgsl.
// Columns from vocab to stride are padding and left alone.
// Shapes: values [rows, stride] (f32). Grid: rows workgroups in x and y.
// Checked by test/gpu/kernels.test.ts (log_softmax).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
//#include reduce_sum
alias Leaf = f32;
//#include reduce_max

@compute @workgroup_size(WORKGROUP)
fn log_softmax(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  var largest = -3.4e38;
  for (var v = lane; v < params.vocab; v += WORKGROUP) { largest = max(largest, values[base + v]); }
  largest = reduce_max(largest, lane);
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var total = 0.0;
    for (var v = leaf; v < params.vocab; v += LEAVES) { total += exp(values[base + v] - largest); }
    leaves[leaf] = total;
  }
  let log_total = log(sum_of_leaves(lane));
  for (var v = lane; v < params.vocab; v += WORKGROUP) { values[base + v] = values[base + v] - largest - log_total; }
}
