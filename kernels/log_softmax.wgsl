// values[r, v] <- values[r, v] - log sum_v exp(values[r, v]), in place, over the first `vocab` columns
//
// One workgroup per row and block (shared/row_blocks.wgsl). A row of ONE_BLOCK is summed here. Of a longer row
// log_softmax_blocks.wgsl made the sums of its blocks before. Each workgroup adds them up, brought to the row's
// maximum, in the order of shared/reduce_sum.wgsl: block b is an element of leaf b mod LEAVES.
// Columns from vocab to stride are padding and left alone.
// Shapes: values [rows, stride] (f32), blocks [rows, blocks of vocab]. Grid: rows in x and y, blocks in z.
// Checked by test/gpu/kernels.test.ts (log_softmax).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
override ONE_BLOCK: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
//#include row_blocks
//#include softmax_block

@compute @workgroup_size(WORKGROUP)
fn log_softmax(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let first = row * params.stride + BLOCK * wid.z;
  let columns = min(BLOCK, params.vocab - BLOCK * wid.z);
  var sum: vec2f;
  if (ONE_BLOCK) {
    sum = softmax_block(first, columns, lane);
  } else {
    sum = sum_of_blocks(row * groups.z, groups.z, lane);
  }
  let log_total = log(sum.y);
  for (var v = lane; v < columns; v += WORKGROUP) { values[first + v] = values[first + v] - sum.x - log_total; }
}

// The largest value of a row, and its sum of exponentials, from those of its blocks.
fn sum_of_blocks(first: u32, count: u32, lane: u32) -> vec2f {
  var largest = -3.4e38;
  for (var b = lane; b < count; b += WORKGROUP) { largest = max(largest, blocks[first + b].x); }
  largest = reduce_max(largest, lane);
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var total = 0.0;
    for (var b = leaf; b < count; b += LEAVES) { total += blocks[first + b].y * exp(blocks[first + b].x - largest); }
    leaves[leaf] = total;
  }
  return vec2f(largest, sum_of_leaves(lane));
}
