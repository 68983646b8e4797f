// values_of[r, b, k], columns_of[r, b, k] = the k-th largest of SIGN * values among the columns of block b of row r
// sums[r, b] = where CENTRED the sum of the block's values, each less the row's first value
//
// The first half of top_columns.wgsl: the row's COUNT largest are among those of its blocks (shared/row_blocks.wgsl).
// Of equal values the lower column comes first. Where a block has fewer than COUNT, columns are NONE.
// One workgroup per row and block. COUNT passes over the block, each for the best value behind the last one found:
// COUNT is small, and the block is read from cache.
// Shapes: values [rows, stride] (f32), values_of (f32) and columns_of (u32) [rows, blocks of vocab, COUNT], sums
// [rows, blocks]. Grid: rows in x and y, blocks in z. Checked by test/gpu/kernels.test.ts (top_columns).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
override COUNT: u32;
override SIGN: f32;
override CENTRED: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> values_of: array<f32>;
@group(0) @binding(3) var<storage, read_write> columns_of: array<u32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
//#include row_blocks
//#include best_of_lanes
//#include reduce_sum
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn top_columns_blocks(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  let first = BLOCK * wid.z;
  let end = min(first + BLOCK, params.vocab);
  let block = row * groups.z + wid.z;
  if (CENTRED) {
    let origin = values[base];
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = 0.0;
      for (var v = first + leaf; v < end; v += LEAVES) { total += values[base + v] - origin; }
      leaves[leaf] = total;
    }
    let total = sum_of_leaves(lane);
    if (lane == 0u) { sums[block] = total; }
  }

  var last = Best(0.0, NONE);
  for (var k = 0u; k < COUNT; k++) {
    var best = Best(0.0, NONE);
    if (k == 0u) {
      for (var v = first + lane; v < end; v += WORKGROUP) {
        let own = Best(SIGN * values[base + v], v);
        if (beats(own, best)) { best = own; }
      }
    } else {
      for (var v = first + lane; v < end; v += WORKGROUP) {
        let own = Best(SIGN * values[base + v], v);
        if (precedes(last, own) && beats(own, best)) { best = own; }
      }
    }
    last = best_of_lanes(best, lane);
    if (lane == 0u) {
      values_of[block * COUNT + k] = last.value;
      columns_of[block * COUNT + k] = last.column;
    }
  }
}
