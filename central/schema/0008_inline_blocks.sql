-- A block of a usual size stays in its row: the way through a table of pieces and its index cost
-- ingest more than writing the bytes. A row has room for about 8 kB; larger blocks go there still.
ALTER TABLE blocks SET (toast_tuple_target = 8160);
