// scores[n, out_at + p * port_stride + u] += weight[run] * sum over the tokens t of prompt n and the columns c of
//                                                       D[first_writer + u, t, c] G[first_port + p, run, t, c]
//
// The score products of attribution. D is the change of the writers, G the gradient at ports that read them. It is a
// matrix product with one long inner dimension: a workgroup makes TILE_U writers by TILE_P ports of one prompt. Its
// invocations share out the prompt's elements. The order of the sums depends neither on the batch nor on the size of
// the workgroup (shared/reduce_sums.wgsl). It has few leaves, so that an invocation reads the elements nearly in order.
// Runs over the same tokens are added one after the other, as if each had a dispatch of its own; those of weight 0 are
// left out.
// Shapes (vec4 units): D [W, T, width4], G [P, runs, T, width4]; scores [N, stride] (f32), weight [runs] (f32).
// Grid: x covers the writers in tiles of TILE_U, y the ports in tiles of TILE_P, z = N.
// Cost: 2 * writers * ports * T * 4 width4 FLOPs.
// Source: edge attribution patching, Syed et al. 2023 (arXiv:2310.10348).
// Checked by test/gpu/kernels.test.ts (edge_scores).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  first_writer: u32,
  writers: u32,
  first_port: u32,
  ports: u32,
  out_at: u32,
  port_stride: u32,
  stride: u32,
  runs: u32,
}
override WORKGROUP: u32;
const TILE_U = 4u;
const TILE_P = 8u;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> differences: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;
//#include multiply_add
//#include reduce_sums
alias Leaf = vec4f; // of TILE_U writers
const PARTS = TILE_P;
const LEAVES = 8u;

@compute @workgroup_size(WORKGROUP)
fn edge_scores(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_u = TILE_U * wid.x;
  let first_p = TILE_P * wid.y;
  let prompt_at = wid.z * params.sequence * params.width4;
  let slice = params.tokens * params.width4;
  var d_at: array<u32, TILE_U>;
  var g_at: array<u32, TILE_P>;
  for (var i = 0u; i < TILE_U; i++) {
    d_at[i] = (params.first_writer + min(first_u + i, params.writers - 1u)) * slice + prompt_at;
  }
  for (var j = 0u; j < TILE_P; j++) {
    g_at[j] = (params.first_port + min(first_p + j, params.ports - 1u)) * params.runs * slice + prompt_at;
  }
  for (var run = 0u; run < params.runs; run++) {
    if (weight[run] == 0.0) { continue; }
    let run_at = run * slice;
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      // Written out, one sum a port: registers.
      var sum0 = vec4f();
      var sum1 = vec4f();
      var sum2 = vec4f();
      var sum3 = vec4f();
      var sum4 = vec4f();
      var sum5 = vec4f();
      var sum6 = vec4f();
      var sum7 = vec4f();
      for (var i = leaf; i < params.sequence * params.width4; i += LEAVES) {
        let d = transpose(mat4x4f(
          differences[d_at[0] + i],
          differences[d_at[1] + i],
          differences[d_at[2] + i],
          differences[d_at[3] + i],
        ));
        sum0 = multiply_add(sum0, gradients[g_at[0] + run_at + i], d[0], d[1], d[2], d[3]);
        sum1 = multiply_add(sum1, gradients[g_at[1] + run_at + i], d[0], d[1], d[2], d[3]);
        sum2 = multiply_add(sum2, gradients[g_at[2] + run_at + i], d[0], d[1], d[2], d[3]);
        sum3 = multiply_add(sum3, gradients[g_at[3] + run_at + i], d[0], d[1], d[2], d[3]);
        sum4 = multiply_add(sum4, gradients[g_at[4] + run_at + i], d[0], d[1], d[2], d[3]);
        sum5 = multiply_add(sum5, gradients[g_at[5] + run_at + i], d[0], d[1], d[2], d[3]);
        sum6 = multiply_add(sum6, gradients[g_at[6] + run_at + i], d[0], d[1], d[2], d[3]);
        sum7 = multiply_add(sum7, gradients[g_at[7] + run_at + i], d[0], d[1], d[2], d[3]);
      }
      leaves[0u * LEAVES + leaf] = sum0;
      leaves[1u * LEAVES + leaf] = sum1;
      leaves[2u * LEAVES + leaf] = sum2;
      leaves[3u * LEAVES + leaf] = sum3;
      leaves[4u * LEAVES + leaf] = sum4;
      leaves[5u * LEAVES + leaf] = sum5;
      leaves[6u * LEAVES + leaf] = sum6;
      leaves[7u * LEAVES + leaf] = sum7;
    }
    add_leaves(lane);
    for (var k = lane; k < TILE_P * TILE_U; k += WORKGROUP) {
      let j = k / TILE_U;
      let i = k % TILE_U;
      if (first_u + i < params.writers && first_p + j < params.ports) {
        let at = wid.z * params.stride + params.out_at + (first_p + j) * params.port_stride + first_u + i;
        scores[at] += weight[run] * leaves[j * LEAVES][i];
      }
    }
    workgroupBarrier();
  }
}
