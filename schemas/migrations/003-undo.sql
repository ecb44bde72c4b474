-- An undo takes back the row of the same user and item with the same `at`.
ALTER TABLE interactions MODIFY COLUMN kind
  Enum8('rating' = 1, 'like' = 2, 'dislike' = 3, 'watched' = 4, 'click' = 5, 'skip' = 6, 'purchase' = 7, 'undo' = 8);
