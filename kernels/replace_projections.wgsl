// projections[c_j, t, p_j] = ablated_projections[layer, t, p_j]
//
// A cut direct edge gives a head's q, k or v its ablated projection. One invocation per four columns of one token of a
// job.
// Shapes: projections [C, T, 3H, head4], ablated_projections [L, T, 3H, head4].
// Grid: x covers the most tokens of a job * head4, y = jobs.
// Checked by test/gpu/kernels.test.ts (replace_projections).
struct Params {
  tokens: u32,
  head_ports: u32,
  head4: u32,
  layer: u32,
  jobs_at: u32,
}
// One port of one circuit whose direct edge is cut.
struct Job {
  circuit: u32,
  port: u32, // branch * H + head
  rows_at: u32, // where control lists the tokens
  rows: u32, // their number
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> ablated_projections: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> projections: array<vec4f>;

@compute @workgroup_size(64)
fn replace_projections(@builtin(global_invocation_id) gid: vec3u) {
  let job = job_at(gid.y);
  if (gid.x >= job.rows * params.head4) { return; }
  let token = control[job.rows_at + gid.x / params.head4];
  let within = (token * params.head_ports + job.port) * params.head4 + gid.x % params.head4;
  let layer_size = params.tokens * params.head_ports * params.head4;
  projections[job.circuit * layer_size + within] = ablated_projections[params.layer * layer_size + within];
}
