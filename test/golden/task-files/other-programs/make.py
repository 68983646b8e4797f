# Writes the files beside it: python3 make.py <folder>, with pandas and pyarrow
import sys, json, pandas as pd
out = sys.argv[1]
C = 'When Paul and James walked to the bank, James gave a ball to'
X = 'When Kevin and Michael walked to the bank, Fred gave a ball to'
own = pd.DataFrame({'clean': [C, C], 'corrupted': [X, X], 'correct': [' Paul', ' Paul'], 'wrong': [[' James'], [' James', ' Kevin']]})
own.to_parquet(out + '/pairs.parquet', index=False)
idx = pd.DataFrame({'clean': [C], 'corrupted': [X], 'correct_idx': [89], 'incorrect_idx': [54]}, index=[7])
idx.to_parquet(out + '/eapig.parquet')
idx.to_parquet(out + '/zstd.parquet', compression='zstd')
def choice(prompt, key): return {'prompt': prompt, 'choices': {'label': [' Paul', ' James'], 'text': ['x', 'y']}, 'answerKey': key}
mcqa = pd.DataFrame([{**choice(C, 0), 'symbol_counterfactual': choice(X, 1), 'template': 'one'}])
mcqa.to_parquet(out + '/mcqa.parquet', index=False)
arith = pd.DataFrame([
  {'prompt': 'The war lasted from 1756 to 17', 'label': 57, 'operator': '+', 'random_counterfactual': {'prompt': 'The war lasted from 1742 to 17', 'label': 43}},
  {'prompt': 'The war lasted from 1756 to 17', 'label': 57, 'operator': '+', 'random_counterfactual': None}])
arith.to_parquet(out + '/arithmetic.parquet', index=False)
ioi = pd.DataFrame([{'prompt': C, 'choices': ['Paul', 'James'], 'answerKey': 0, 'metadata': {'indirect_object': 'Paul', 'subject': 'James', 'random_c': 'Kevin'},
  's2_io_flip_counterfactual': choice(C.replace('James gave', 'Paul gave'), 1), 'abc_counterfactual': choice(X, 0)}])
ioi.to_parquet(out + '/ioi.parquet', index=False)
for orient in ('columns', 'records', 'split', 'index', 'table'):
  open(f'{out}/pandas-{orient}.json', 'w').write(own.drop(columns='wrong').to_json(orient=orient))
own.drop(columns='wrong').to_csv(out + '/pandas.csv')
own.to_csv(out + '/lists.tsv', sep='\t', index=False)
