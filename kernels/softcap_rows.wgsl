struct Params {
  rows: u32,
  columns: u32,
  stride: u32,
  cap: f32,
}
override WORKGROUP: u32;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
//#include tanh_of
@compute @workgroup_size(WORKGROUP)
fn softcap_rows(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = wid.y * groups.x + wid.x;
  if (row >= params.rows) { return; }
  for (var v = lane; v < params.columns; v += WORKGROUP) {
    let at = row * params.stride + v;
    x[at] = params.cap * tanh_of(x[at] / params.cap);
  }
}
