-- The request of the row http-post, for wrk.
wrk.method = "POST"
wrk.body = '{"message":"Hello HTTP 7"}'
wrk.headers["Content-Type"] = "application/json"
