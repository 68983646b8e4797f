// blocks[r, b] = (m, sum_v exp(values[r, v] - m)) over the columns v of block b, m the largest value among them
//
// The first half of log_softmax.wgsl for long rows. One workgroup per row and block (shared/row_blocks.wgsl).
// Shapes: values [rows, stride] (f32), blocks [rows, blocks of vocab]. Grid: rows in x and y, blocks in z.
// Source: Milakov and Gimelshein 2018 (arXiv:1805.02867). Checked by test/gpu/kernels.test.ts (log_softmax).
struct Params {
  rows: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> blocks: array<vec2f>;
//#include row_blocks
//#include softmax_block

@compute @workgroup_size(WORKGROUP)
fn log_softmax_blocks(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let columns = min(BLOCK, params.vocab - BLOCK * wid.z);
  let made = softmax_block(row * params.stride + BLOCK * wid.z, columns, lane);
  if (lane == 0u) { blocks[row * groups.z + wid.z] = made; }
}
