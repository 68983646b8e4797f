// totals[r] = sum_b parts[r, b]: what the blocks of a row make together (shared/row_blocks.wgsl)
//
// One workgroup per row. The order of the sum is that of shared/reduce_sum.wgsl: block b is an element of leaf
// b mod LEAVES.
// Shapes: parts [rows, blocks], totals [rows]. Grid: rows workgroups in x and y.
// Checked by test/gpu/kernels.test.ts (block_totals).
struct Params {
  rows: u32,
  blocks: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;
//#include reduce_sum
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn block_totals(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var total = 0.0;
    for (var b = leaf; b < params.blocks; b += LEAVES) { total += parts[row * params.blocks + b]; }
    leaves[leaf] = total;
  }
  let total = sum_of_leaves(lane);
  if (lane == 0u) { totals[row] = total; }
}
