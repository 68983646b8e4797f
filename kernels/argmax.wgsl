// best[r] = the column of the largest value among the first `vocab`; the lowest column where several are equal
//
// One workgroup per row. Each lane scans its columns. Then a tree picks the larger value or, at equality, the lower
// column. NaN never compares as larger.
// Shapes: values [rows, stride] (f32), best [rows] (u32). Grid: rows workgroups in x and y.
// Checked by test/gpu/kernels.test.ts (argmax).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> best: array<u32>;
var<workgroup> lane_value: array<f32, WORKGROUP>;
var<workgroup> lane_column: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn argmax(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  var value = -3.4e38;
  var column = 0xffffffffu;
  for (var v = lane; v < params.vocab; v += WORKGROUP) {
    if (values[base + v] > value || column == 0xffffffffu) {
      value = values[base + v];
      column = v;
    }
  }
  lane_value[lane] = value;
  lane_column[lane] = column;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      let other = lane_value[lane + half];
      let other_column = lane_column[lane + half];
      if (other > lane_value[lane] || (other == lane_value[lane] && other_column < lane_column[lane])) {
        lane_value[lane] = other;
        lane_column[lane] = other_column;
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u) { best[row] = lane_column[0]; }
}
