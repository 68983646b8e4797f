struct Params {
  count4: u32,
  factor: f32,
}
override IDENTITY_RULE: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_rows: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> gate_gradient: array<vec4f>;
//#include activation_slope
@compute @workgroup_size(64)
fn gated_backward(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= params.count4) { return; }
  let dy = params.factor * gradient[i];
  var s = vec4f(0.0);
  if (IDENTITY_RULE) { s = gate(gate_rows[i]); } else { s = slope(gate_rows[i]); }
  gate_gradient[i] = dy * up[i] * s;
  gradient[i] = dy * activate(gate_rows[i]);
}
