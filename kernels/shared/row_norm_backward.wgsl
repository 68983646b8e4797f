// The way back through the norm of one row of x that the workgroup shares, in place of the row of `gradient`:
//   a = dL/dy * gain;  dL/dx = scale * (a - mean(a) - n mean(a n)), n = (x - mean) * scale
//   FROZEN takes the scale as a constant: dL/dx = scale * (a - mean(a)).  CENTRED false: without mean and mean(a)
// The statistics of x are computed again, as in row_norm.wgsl. Padding becomes 0, as the gain is 0 there.
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = vec3f; // squares of the centred row; a; a times the centred row

// Each place is where the row begins, in vec4s: in x, in gradient, in gain.
fn row_norm_backward(x_at: u32, at: u32, gain_at: u32, lane: u32) {
  let width = f32(params.width);
  var mean = 0.0;
  if (CENTRED) {
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = vec4f(0.0);
      for (var c = leaf; c < params.width4; c += LEAVES) { total += x[x_at + c]; }
      leaves[leaf] = vec3f(dot(total, vec4f(1.0)), 0.0, 0.0);
    }
    mean = sum_of_leaves(lane).x / width;
  }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    var plain = vec4f(0.0);
    var along = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) {
      let centred = (x[x_at + c] - mean) * real_columns(c);
      let a = gradient[at + c] * gain[gain_at + c];
      squares += centred * centred;
      plain += a;
      along += a * centred;
    }
    leaves[leaf] = vec3f(dot(squares, vec4f(1.0)), dot(plain, vec4f(1.0)), dot(along, vec4f(1.0)));
  }
  let means = sum_of_leaves(lane) / width;
  let scale = norm_scale(means.x, params.epsilon);
  var mean_a = 0.0;
  if (CENTRED) { mean_a = means.y; }
  var tilt = 0.0; // mean(a n) * scale: times the centred x it is n mean(a n)
  if (!FROZEN) { tilt = means.z * scale * scale; }
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    let a = gradient[at + c] * gain[gain_at + c];
    gradient[at + c] = scale * (a - mean_a - (x[x_at + c] - mean) * tilt) * real_columns(c);
  }
}
