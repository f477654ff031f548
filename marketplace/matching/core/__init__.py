"""Pure: knowledge, features, ranking and explanation. Knows neither Flask nor the database."""
