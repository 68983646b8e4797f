// blocks[r, b] = sum_v exp(p[n, v]) (p[n, v] - q[r, v]) over the columns v of block b
//
// The sum of a row's blocks (block_totals.wgsl) is KL(reference || circuit) from log-probabilities, in nats. Row r of
// the circuits belongs to prompt n = r mod prompts of the reference. One workgroup per row and block
// (shared/row_blocks.wgsl).
// Shapes: p [prompts, stride], q [rows, stride] (f32 log-probabilities), blocks [rows, blocks of vocab].
// Grid: rows in x and y, blocks in z.
// Source: ACDC's KL(full || circuit), arXiv:2304.14997. Checked by test/gpu/kernels.test.ts (kl_divergence).
struct Params {
  rows: u32,
  prompts: u32,
  vocab: u32,
  stride: u32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> q: array<f32>;
@group(0) @binding(3) var<storage, read_write> blocks: array<f32>;
//#include row_blocks
//#include reduce_sum
alias Leaf = f32;

@compute @workgroup_size(WORKGROUP)
fn kl_divergence(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  let p_at = (row % params.prompts) * params.stride + BLOCK * wid.z;
  let q_at = row * params.stride + BLOCK * wid.z;
  let columns = min(BLOCK, params.vocab - BLOCK * wid.z);
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var total = 0.0;
    for (var v = leaf; v < columns; v += LEAVES) {
      let log_p = p[p_at + v];
      total += exp(log_p) * (log_p - q[q_at + v]);
    }
    leaves[leaf] = total;
  }
  let total = sum_of_leaves(lane);
  if (lane == 0u) { blocks[row * groups.z + wid.z] = total; }
}
