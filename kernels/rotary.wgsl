struct Params {
  jobs_at: u32,
  sequence: u32,
  row_stride: u32,
  pairs: u32,
}
struct Job {
  at: u32,
  rows_at: u32,
  rows: u32,
}
override INVERSE: bool;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> angles: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(64)
fn rotary(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let job = job_at(wid.z);
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= job.rows * params.pairs) { return; }
  var row = i / params.pairs;
  if (job.rows_at != EVERY) { row = control[job.rows_at + row]; }
  let pair = i % params.pairs;
  let a = angles[(row % params.sequence) * params.pairs + pair];
  let at = job.at + row * params.row_stride + pair;
  let u = x[at];
  let v = x[at + params.pairs];
  var s = a.y;
  if (INVERSE) { s = -s; }
  x[at] = u * a.x - v * s;
  x[at + params.pairs] = v * a.x + u * s;
}
