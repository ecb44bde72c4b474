-- For people: SELECT * FROM events_per_day ORDER BY day.

CREATE VIEW IF NOT EXISTS events_per_day AS
SELECT
  toDate(time) AS day,
  kind,
  count() AS events,
  uniqExact(userId) AS users,
  uniqExact(itemId) AS items,
  avg(value) AS meanValue
FROM interactions FINAL
GROUP BY day, kind;

CREATE VIEW IF NOT EXISTS events_per_user AS
SELECT
  userId,
  count() AS events,
  uniqExact(itemId) AS items,
  avg(value) AS meanValue,
  min(time) AS firstTime,
  max(time) AS lastTime
FROM interactions FINAL
GROUP BY userId;

CREATE VIEW IF NOT EXISTS events_per_item AS
SELECT
  itemId,
  count() AS events,
  uniqExact(userId) AS users,
  avg(value) AS meanValue,
  min(time) AS firstTime,
  max(time) AS lastTime
FROM interactions FINAL
GROUP BY itemId;
