// moved[b, t] = stream[t] + D[first_writer + b, t]
//
// What a port reads when its edge from writer first_writer + b is cut, and no other edge. One invocation per four
// columns.
// Shapes: stream [T, width4], D [W, T, width4], moved [B, T, width4].
// Grid: workgroups of 64 over B * T * width4 in x and y. Checked by test/gpu/kernels.test.ts (moved_streams).
struct Params {
  size: u32,
  first_writer: u32,
  writers: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> stream: array<vec4f>;
@group(0) @binding(2) var<storage, read> differences: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moved: array<vec4f>;

@compute @workgroup_size(64)
fn moved_streams(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= params.writers * params.size) { return; }
  moved[i] = stream[i % params.size] + differences[params.first_writer * params.size + i];
}
