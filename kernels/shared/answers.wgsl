// Lists of correct and wrong answers. `answers` holds, per prompt, the struct below, then the ids of all prompts.
struct Answers {
  correct_at: u32, // where the correct ids are listed
  correct: u32, // their number
  wrong_at: u32, // where the wrong ids are listed
  wrong: u32, // their number
}

fn answers_of(prompt: u32) -> Answers {
  let at = 4u * prompt;
  return Answers(answers[at], answers[at + 1u], answers[at + 2u], answers[at + 3u]);
}
