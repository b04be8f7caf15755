"""How it is simulated: plans, draws, cohorts, the engine, records, measures and comparison."""
