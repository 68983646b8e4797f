// columns[r, k] = the column of the k-th largest value among the first `vocab` of row r, k < COUNT
// amounts[r, k] = that value - mean of the row, or where not CENTRED that value
//
// The second half, after top_columns_blocks.wgsl: it looks through the COUNT largest of every block. SIGN -1 takes the
// smallest instead. Of equal values the lower column comes first. Where the row has fewer than COUNT, columns are NONE.
// One workgroup per row. The mean is taken of differences from the first value, which keeps its precision far from 0.
// The blocks' sums are added in the order of shared/reduce_sum.wgsl.
// Shapes: values [rows, stride], values_of, columns_of [rows, blocks, COUNT], sums [rows, blocks], columns (u32) and
// amounts (f32) [rows, COUNT]. Grid: rows workgroups in x and y. Checked by test/gpu/kernels.test.ts (top_columns).
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
@group(0) @binding(2) var<storage, read> values_of: array<f32>;
@group(0) @binding(3) var<storage, read> columns_of: array<u32>;
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> columns: array<u32>;
@group(0) @binding(6) var<storage, read_write> amounts: array<f32>;
//#include row_blocks
//#include best_of_lanes
//#include reduce_sum
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn top_columns(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let blocks = blocks_of(params.vocab);
  var origin = 0.0;
  var mean = 0.0; // less origin
  if (CENTRED) {
    origin = values[row * params.stride];
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = 0.0;
      for (var b = leaf; b < blocks; b += LEAVES) { total += sums[row * blocks + b]; }
      leaves[leaf] = total;
    }
    mean = sum_of_leaves(lane) / f32(params.vocab);
  }

  let first = row * blocks * COUNT;
  var last = Best(0.0, NONE);
  for (var k = 0u; k < COUNT; k++) {
    var best = Best(0.0, NONE);
    for (var i = lane; i < blocks * COUNT; i += WORKGROUP) {
      let own = Best(values_of[first + i], columns_of[first + i]);
      // Of equal values the lower column comes first here too: an earlier block has lower columns.
      if (own.column != NONE && (k == 0u || precedes(last, own)) && beats(own, best)) { best = own; }
    }
    last = best_of_lanes(best, lane);
    if (lane == 0u) {
      columns[row * COUNT + k] = last.column;
      amounts[row * COUNT + k] = SIGN * last.value - origin - mean;
    }
  }
}
