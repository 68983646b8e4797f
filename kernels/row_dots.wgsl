// dots[r] = a[r] . b[r mod b_rows]
//
// One workgroup per row. Sums are those of shared/reduce_sum.wgsl, so a row's result depends on that row alone.
// Shapes: a [rows, width4], b [b_rows, width4], padded with zeros; dots [rows]. Grid: rows workgroups in x and y.
// Checked by test/gpu/kernels.test.ts (row_dots).
struct Params {
  rows: u32,
  b_rows: u32,
  width4: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dots: array<f32>;
//#include reduce_sum
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn row_dots(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let a_at = row * params.width4;
  let b_at = (row % params.b_rows) * params.width4;
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var products = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) { products = fma(a[a_at + c], b[b_at + c], products); }
    leaves[leaf] = dot(products, vec4f(1.0));
  }
  let total = sum_of_leaves(lane);
  if (lane == 0u) { dots[row] = total; }
}
