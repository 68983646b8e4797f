// outputs[c, input, t] = scale * column id[t] of the embedding (+ position[t mod S]) for every circuit c
//
// The embedding is stored as the matrix [width, vocabulary] of kernels/matmul.wgsl, because the unembedding, which
// reads all of it, is the costly use. A lookup gathers one column. One invocation per four rows of one token.
// A matrix larger than a binding comes in chunks of panels, one dispatch each. A dispatch writes the tokens whose id
// lies in its chunk.
// Shapes: ids [T], chunk [panels, 4 * width4, PANEL], positions [S, width4], outputs [C, W, T, width4].
// Grid: x covers T * width4, y = C. Checked by test/gpu/kernels.test.ts (embed).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  first_id: u32,
  ids_held: u32,
  add_positions: u32,
  circuit_stride: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
//#include weight_column
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read> positions: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> outputs: array<vec4f>;

@compute @workgroup_size(64)
fn embed(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.tokens * params.width4) { return; }
  let token = gid.x / params.width4;
  let row4 = gid.x % params.width4;
  let id = ids[token] - params.first_id; // wraps around below the chunk, and then exceeds ids_held
  if (id >= params.ids_held) { return; }
  var value = params.scale * load_column(id, row4, params.width4);
  if (params.add_positions != 0u) { value += positions[(token % params.sequence) * params.width4 + row4]; }
  outputs[gid.y * params.circuit_stride + gid.x] = value;
}
