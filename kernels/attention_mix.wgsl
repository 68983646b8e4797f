// z[c, h, r] = sum over visible j of p[c, h, r, j] v[c, h, j], inside one prompt, i = rows[r]
//
// One invocation per four columns of one query row.
// Visible keys and the ports of a token: shared/visible_keys.wgsl and head_ports.wgsl.
// Shapes: projections [C, T, H + 2 kv_ports, head4], pattern [C, H, T, S] (f32), z [C, H, T, head4]. In pattern and z
// the rows that a head computes come first. Jobs: shared/head_job.wgsl.
// Grid: x covers the most rows of a head * head4, y = heads to compute.
// Checked by test/gpu/kernels.test.ts (attention_mix).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  kv_ports: u32,
  head4: u32,
  jobs_at: u32,
  window: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> projections: array<vec4f>;
@group(0) @binding(3) var<storage, read> pattern: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<vec4f>;
//#include head_job
//#include head_ports
//#include visible_keys

@compute @workgroup_size(64)
fn attention_mix(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = job_at(wid.y);
  if (gid.x >= job.rows * params.head4) { return; }
  let row = control[job.rows_at + gid.x / params.head4];
  let column = gid.x % params.head4;
  let query = row % params.sequence;
  let circuit_head = job.circuit_head;
  let token_stride = ports_of_token() * params.head4;
  let first = (circuit_head / params.heads) * params.tokens + row - query;
  let v_at = first * token_stride + value_port(circuit_head % params.heads) * params.head4 + column;
  let p_at = (circuit_head * params.tokens + gid.x / params.head4) * params.sequence;
  var sum = vec4f(0.0);
  for (var key = first_key(query); key <= query; key++) {
    sum += pattern[p_at + key] * projections[v_at + key * token_stride];
  }
  z[circuit_head * params.tokens * params.head4 + gid.x] = sum;
}
