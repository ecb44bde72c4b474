-- What asks to forget a user stands on the topic `users`: its position is kept, so that it is done once.
ALTER TABLE forgotten MODIFY COLUMN topic
  Enum8('ratings' = 1, 'feedback' = 2, 'impressions' = 3, 'users' = 4) ;
