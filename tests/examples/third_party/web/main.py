# From the documentation of FastAPI, First Steps and Request Body, with the adapter of Mangum's.
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    description: str | None = None
    price: float
    tax: float | None = None


app = FastAPI()


@app.get("/")
def read_root():
    return {"Hello": "World"}


@app.get("/items/{item_id}")
async def read_item(item_id: int, q: str | None = None):
    return {"item_id": item_id, "q": q}


@app.post("/items/")
async def create_item(item: Item):
    return item


@app.get("/broken")
async def broken():
    return 1 / 0


handler = Mangum(app, lifespan="auto")
