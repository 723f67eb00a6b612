FROM python:3.12-slim
COPY app.py /
# ruleid: dockerfile-no-user
CMD ["python", "/app.py"]
