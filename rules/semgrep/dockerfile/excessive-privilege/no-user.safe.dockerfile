FROM python:3.12-slim
USER 10001
COPY app.py /
# ok: dockerfile-no-user
CMD ["python", "/app.py"]
