// columns[r, k] = the column of the k-th largest value among the first `vocab` of row r, k < COUNT
// amounts[r, k] = that value - mean of the row, or where not CENTRED that value
//
// SIGN -1 takes the smallest instead. Of equal values the lower column comes first. Where the row has fewer than COUNT,
// columns are 0xffffffff.
// One workgroup per row. COUNT passes over the row, each for the best value behind the last one found: COUNT is small,
// and the row is read from cache. The mean is taken of differences from the first value, which keeps its precision far
// from 0.
// Shapes: values [rows, stride] (f32), columns (u32) and amounts (f32) [rows, COUNT]. Grid: rows workgroups in x and y.
// Checked by test/gpu/kernels.test.ts (top_columns).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
override COUNT: u32;
override SIGN: f32;
override CENTRED: bool;
const NONE = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> columns: array<u32>;
@group(0) @binding(3) var<storage, read_write> amounts: array<f32>;
var<workgroup> lane_value: array<f32, WORKGROUP>;
var<workgroup> lane_column: array<u32, WORKGROUP>;
//#include reduce_sum
alias Leaf = f32;

// Whether (value, column) comes before (other, other_column); NONE comes last.
fn precedes(value: f32, column: u32, other: f32, other_column: u32) -> bool {
  if (column == NONE) { return false; }
  return other_column == NONE || value > other || (value == other && column < other_column);
}

@compute @workgroup_size(WORKGROUP)
fn top_columns(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  var origin = 0.0;
  var mean = 0.0; // less origin
  if (CENTRED) {
    origin = values[base];
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = 0.0;
      for (var v = leaf; v < params.vocab; v += LEAVES) { total += values[base + v] - origin; }
      leaves[leaf] = total;
    }
    mean = sum_of_leaves(lane) / f32(params.vocab);
  }

  var last_value = 0.0;
  var last_column = NONE;
  for (var k = 0u; k < COUNT; k++) {
    var best_value = 0.0;
    var best_column = NONE;
    for (var v = lane; v < params.vocab; v += WORKGROUP) {
      let value = SIGN * values[base + v];
      let behind = k == 0u || (last_column != NONE && precedes(last_value, last_column, value, v));
      if (behind && precedes(value, v, best_value, best_column)) {
        best_value = value;
        best_column = v;
      }
    }
    lane_value[lane] = best_value;
    lane_column[lane] = best_column;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
      if (lane < half) {
        if (precedes(lane_value[lane + half], lane_column[lane + half], lane_value[lane], lane_column[lane])) {
          lane_value[lane] = lane_value[lane + half];
          lane_column[lane] = lane_column[lane + half];
        }
      }
      workgroupBarrier();
    }
    last_value = workgroupUniformLoad(&lane_value[0]);
    last_column = workgroupUniformLoad(&lane_column[0]);
    if (lane == 0u) {
      columns[row * COUNT + k] = last_column;
      amounts[row * COUNT + k] = SIGN * last_value - origin - mean;
    }
  }
}
