// live[c, input, t] = table[id[t]] (+ position[t mod S]) for every circuit c of the batch.
//
// One invocation per four columns of one token. A table larger than a binding comes in row chunks, one dispatch each: a
// token whose id lies outside the chunk is left to the dispatch that holds it.
// Shapes: ids [T], table chunk [rows, width4], positions [S, width4], live [C, W, T, width4].
// Grid: x covers T * width4, y = C.
// Checked by test/gpu/kernels.test.ts (embed).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  first_row: u32,
  rows: u32,
  add_positions: u32,
  circuit_stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_f32
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> live: array<vec4f>;

@compute @workgroup_size(64)
fn embed(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.tokens * params.width4) { return; }
  let token = gid.x / params.width4;
  let column = gid.x % params.width4;
  let row = ids[token] - params.first_row; // wraps around below the chunk, and then exceeds rows
  if (row >= params.rows) { return; }
  var value = load_weight(row * params.width4 + column);
  if (params.add_positions != 0u) { value += positions[(token % params.sequence) * params.width4 + column]; }
  live[gid.y * params.circuit_stride + gid.x] = value;
}
