// logits[r, v] = x[r] . table[v]: the product with a table stored one row per vocabulary entry (a tied embedding).
//
// One invocation makes TILE_ROWS rows by four vocabulary entries; no workgroup memory. A table larger than a binding comes
// in row chunks, one dispatch each. Every logit is one sum in ascending column order.
// Shapes: x [rows, width4], table chunk [chunk_rows, width4], logits [rows, stride] (f32, stride >= vocabulary).
// Grid: x covers chunk_rows in tiles of 4 * 64, y covers rows in tiles of TILE_ROWS.
// Cost: 2 * rows * chunk_rows * width FLOPs. Checked by test/gpu/kernels.test.ts (unembed).
struct Params {
  rows: u32,
  width4: u32,
  first_row: u32,
  chunk_rows: u32,
  stride: u32,
}
const TILE_ROWS = 4u;
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_f32
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(64)
fn unembed(@builtin(global_invocation_id) gid: vec3u) {
  let first = 4u * gid.x;
  let top = TILE_ROWS * gid.y;
  if (first >= params.chunk_rows || top >= params.rows) { return; }
  let last = params.chunk_rows - 1u;
  let w0 = first * params.width4;
  let w1 = min(first + 1u, last) * params.width4;
  let w2 = min(first + 2u, last) * params.width4;
  let w3 = min(first + 3u, last) * params.width4;
  var sums: array<vec4f, TILE_ROWS>;
  for (var c = 0u; c < params.width4; c++) {
    let columns = transpose(mat4x4f(load_weight(w0 + c), load_weight(w1 + c), load_weight(w2 + c), load_weight(w3 + c)));
    for (var r = 0u; r < TILE_ROWS; r++) {
      let v = x[min(top + r, params.rows - 1u) * params.width4 + c];
      sums[r] = fma(vec4f(v.w), columns[3], fma(vec4f(v.z), columns[2], fma(vec4f(v.y), columns[1], fma(vec4f(v.x), columns[0], sums[r]))));
    }
  }
  for (var r = 0u; r < TILE_ROWS; r++) {
    if (top + r >= params.rows) { break; }
    let at = (top + r) * params.stride + params.first_row + first;
    for (var i = 0u; i < min(4u, params.chunk_rows - first); i++) { logits[at + i] = sums[r][i]; }
  }
}
